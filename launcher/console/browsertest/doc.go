// Package browsertest holds the tests of package console that need a browser:
// they look at every page in Chromium, in both languages, light and dark, narrow
// and wide. It is a module of its own, so that those who use the console need
// not have what drives the browser.
//
// Without Chromium the tests are skipped, unless COLD_REQUIRE_SERVERS is set.
// With COLD_SHOTS set to a folder they leave a picture of every page there.
package browsertest
