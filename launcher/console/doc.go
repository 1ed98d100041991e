/*
Package console is an http.Handler for the launchers of a program: a status page
for people, in French and English, health checks for a supervisor, the same
facts as JSON, and metrics for Prometheus.

	con := &console.Handler{
		Launchers: func() []*launcher.Launcher { return all },
		Authorise: func(r *http.Request, a console.Action, name string) error {
			if !isOperator(r) {
				return errors.New("operators only")
			}
			return nil
		},
	}
	mux.Handle("/cold/", http.StripPrefix("/cold", con))

It may be mounted under any prefix, also behind a proxy that adds another one:
every link is relative. Nothing is loaded from elsewhere, and nothing runs
between requests.

# Addresses

	/                          all launchers: next run, last pass, what waits, what is set aside
	/launchers/NAME            one launcher: its scenario in words, progress, what waits, what is
	                           set aside and why, the last items and the jobs they went to
	/launchers/NAME/preview    what would be taken now, and why not the others
	/try                       try a filter on file names, or rows of a schedule
	/status                    JSON; ?launcher=NAME for one
	/healthz                   JSON; 200 if the program is live, ready and fresh, otherwise 503
	/healthz/live  …/ready  …/fresh    one of the three
	/metrics                   Prometheus text format 0.0.4

Live: requests are answered. Ready: Run of every launcher is under way. Fresh:
every launcher is healthy, see launcher.Status.Trouble: passes succeed when they
are due. A server that hangs, so that nothing fails, is not fresh.

# Who may do what

Whoever reaches the handler may read. Wrap it to keep others out: pages and
/status show the names of files and mailboxes, and what servers answered.

Pause, resume, run, requeue, discard and preview ask Handler.Authorise; without
it the console is read-only. They are POST requests, refused if a browser sends
them from another site (see http.CrossOriginProtection), so cookies of the host
are safe to go by. A preview settles nothing, but it logs in to servers and
keeps passes waiting: hence it is an action.

# Limits

A page shows at most 64 events, 64 parcels that wait and 100 that are set aside.
To find the latter the ledger is walked, not more often than a tenth of the time
allows, however many look. A preview ends after 50 parcels or 30 seconds, and
one is made at a time for each launcher. A trial of a filter ends after two
seconds, and one is made at a time. Nothing is kept for a visitor.

The words of the engine, such as reasons and errors, are in English on both
pages.

# Metrics

All begin with coldlauncher_ and have the label launcher. Counters count since
the start of the process.

	running paused polling healthy           gauges, 0 or 1
	last_success_timestamp_seconds           0 if there was none
	age_seconds                              since the last success, or since Run was called
	next_run_timestamp_seconds               0 if none is planned
	failures                                 passes that failed since the last success
	set_aside                                parcels in the ledger as rejected
	waiting_seconds                          age of what has waited longest
	waiting_parcels                          left or not ready in the last pass
	pass_bytes                               moved by the pass under way
	passes_total missed_runs_total
	parcels_total                            and the label outcome: stored, known, left, waiting,
	                                         rejected, skipped; by pass, so what stays counts each time
	documents_total unrouted_documents_total bytes_total
*/
package console
