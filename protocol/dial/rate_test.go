package dial

import (
	"testing"
	"time"
)

// TestMeter: a rate is that of the link, not of the round trips between what was
// asked for, nor of what had come in while nobody read.
func TestMeter(t *testing.T) {
	const link = 10e6 // bytes per second
	each := time.Duration(float64(time.Second) * 16384 / link)
	for name, wait := range map[string]func(read int) time.Duration{
		"steady": func(int) time.Duration { return each },
		"a round trip after every half megabyte": func(i int) time.Duration {
			if i%32 == 0 {
				return each + 30*time.Millisecond
			}
			return each
		},
		"a reader that slept a third of the time": func(i int) time.Duration {
			if i%32 < 10 {
				return 0
			}
			return each
		},
	} {
		var m meter
		for i := range 128 {
			if _, ok := m.rate(); ok {
				t.Errorf("%s: a rate after %d reads, want it once 2 MiB are here", name, i)
			}
			m.add(16384, wait(i))
		}
		if rate, ok := m.rate(); !ok || rate < link*0.9 || rate > link*1.1 {
			t.Errorf("%s: rate %.1f MB/s, want %.1f", name, rate/1e6, link/1e6)
		}
	}
}
