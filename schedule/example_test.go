package schedule_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/ezged/coldlauncher/schedule"
)

func Example() {
	paris := time.FixedZone("CET", 3600) // in earnest: time.LoadLocation("Europe/Paris")
	s, err := schedule.Rows("* * mon-fri * 8 30 0", "* * sat * 10 0 0")
	if err != nil {
		fmt.Println(err)
		return
	}
	s = s.In(paris)
	for _, t := range s.NextN(time.Date(2026, 1, 15, 12, 0, 0, 0, paris), 3) {
		fmt.Println(t.Format("Mon 2 Jan 15:04:05"))
	}
	// Output:
	// Fri 16 Jan 08:30:00
	// Sat 17 Jan 10:00:00
	// Mon 19 Jan 08:30:00
}

func ExampleRow_mistakes() {
	_, err := schedule.Row("* * * * 25 0 0")
	fmt.Println(err)
	_, err = schedule.Row("* feb * 30 0 0 0")
	fmt.Println(errors.Is(err, schedule.ErrNeverFires))
	// Output:
	// row "* * * * 25 0 0": hour column, position 9: "25" is out of range: allowed are 0 to 23, with ranges a-b and steps */n
	// true
}

func ExampleColumns() {
	s := schedule.Must(schedule.Columns{Weekday: "lun-ven", Hour: "8", Minute: "30"}.Schedule())
	fmt.Println(s)
	fmt.Println(s.Describe("fr"))
	// Output:
	// * * mon-fri * 8 30 0
	// du lundi au vendredi à 08:30:00
}

func ExampleCron() {
	s := schedule.Must(schedule.Cron("*/15 8-18 * * 1-5"))
	fmt.Println(s)
	fmt.Println(s.Describe("en"))
	// Output:
	// * * mon-fri * 8-18 */15 0
	// Monday to Friday, every 15 minutes from 08:00 to 18:59
}

func ExampleSchedule_Lint() {
	s := schedule.Must(schedule.Row("2020 * * * * * */15"))
	for _, text := range s.Lint(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)) {
		fmt.Println(text)
	}
	// Output:
	// "2020 * * * * * */15": never fires again: its years are over
}
