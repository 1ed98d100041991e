// Package schedule tells when: rows of seven columns, as EzGED's form
// « programmer le lanceur » has them, and the next instant at which one of them
// fires. It stands on its own and satisfies launcher.Schedule.
//
//	s, err := schedule.Rows(
//		"* * mon-fri * 8-18 */5 0", // each five minutes of working hours
//		"* * sat * 10 0 0",         // and Saturdays at ten
//	)
//	if err != nil {
//		return err
//	}
//	l := &launcher.Launcher{Schedule: s.In(paris), …}
//
// # Columns
//
// A row has seven columns separated by blanks: year, month, weekday, day, hour,
// minute, second. It fires at the whole seconds at which all of them match.
// Several rows fire whenever one of them does, once where several do. Each
// column is a list of items separated by commas:
//
//   - every value
//     a          a number or, for months and weekdays, a name
//     a-b        from a to b; past the end of the column, as in 22-2, but for years
//     */n a/n    each n-th value from the first one, or from a, to the last
//     a-b/n      each n-th value from a to b
//
// The weekday column takes besides:
//
//	a#k        the k-th such weekday of the month, 1 to 5
//	aL         the last one of the month
//
// and the day column:
//
//	L          the last day of the month; also "dernier" and "last"
//	L-n        n days before the last one, 1 to 30
//	nW         the day from Monday to Friday nearest to the n-th of the same
//	           month, where the month has an n-th
//	LW L-nW    the same for the last day and for days before it
//
// In both of them "?" means "*". Case does not count. Years go from 1970 to
// 2199, hours from 0 to 23. A step must be smaller than its column; "*/n" of
// years is refused, for it does not say where to begin.
//
// Names are French or English, short or long, with or without accents and a
// final dot: "lun", "Monday", "févr.", "août". "mar" is mardi in the weekday
// column and mars in the month column; "jui" is refused.
//
// Weekdays are numbered from 1, Monday, to 7, Sunday, as in ISO 8601, and 0 is
// Sunday too. Names are safer: programs differ here. For rows from elsewhere
// see [Import] and [Cron]. Steps of weekdays count from Monday.
//
// What can be read two ways is refused, with a [*SyntaxError] that names column,
// position and what is allowed there. A row that no date matches, such as
// 30 February, is refused with [ErrNeverFires]. What is legal and surprising is
// told by [Schedule.Lint].
//
// # Zones and clock changes
//
// Rows are read on the wall clock of one zone: time.Local, or that of
// [Schedule.In]. Where clocks change, [Keep] sees to it that the run planned for
// 02:30 is neither lost in spring nor doubled in autumn, and that a row such as
// "* * * * * * */15" never pauses. [Match] takes the wall clock literally.
//
// Programs that run where no time zone database is installed, such as on
// Windows or in small containers, import time/tzdata.
package schedule
