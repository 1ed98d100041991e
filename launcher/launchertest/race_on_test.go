//go:build race

package launchertest_test

const raceEnabled = true
