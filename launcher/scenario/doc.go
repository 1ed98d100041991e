// Package scenario builds launchers from a JSON file that an administrator
// writes.
//
//	{
//	  "zone": "Europe/Paris",
//	  "launchers": [{
//	    "name": "gmail",
//	    "source": {
//	      "protocol": "imap", "server": "imap.gmail.com", "port": 993,
//	      "account": "cold@example.org", "password": {"file": "/run/secrets/gmail"},
//	      "folder": "inbox", "subfolders": true, "done": "EZGED_OK"
//	    },
//	    "backup": {"path": "/srv/backup/gmail", "keep": "90d"},
//	    "filter": ["*.pdf", "!brouillon*"],
//	    "routes": [{"job": "87", "groups": ["pdf"]}],
//	    "schedule": ["* * mon-fri * 7-19 */5 0"]
//	  }]
//	}
//
// A host says in Env what a scenario may name: protocols, most often those of
// protocol.Builtin, Sinks, secrets. Then
//
//	f, err := scenario.Load(text, env)
//	…
//	runner := &scenario.Runner{Env: env}
//	if err := runner.Reload(f); err != nil { … }
//	err = runner.Run(ctx)
//
// and Reload again when the file has changed: launchers that are the same go on
// undisturbed. A host that wants the launchers themselves calls Build.
//
// # Strictness
//
// A key that is not known, a value of the wrong type, a missing secret, a
// pattern that cannot be understood: each is a Fault that names the launcher,
// the key and the line, and all are told at once. Schema returns a JSON Schema,
// with which editors tell most of it while one writes. A backslash is written
// twice in JSON: "F:\\nchp\\var".
//
// # Secrets
//
// A password or token does not stand in a scenario but is referred to: a file,
// an environment variable, the output of a program, or a name that the host
// knows. It is looked up each time it is needed, so one that was rotated works
// without a restart. See Secret.
//
// A scenario is as powerful as the program that reads it: it names files,
// servers and programs. Whoever may write it may do what the program may.
package scenario
