package folder

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// BenchmarkStore stores parcels of one document of 20 kB.
func BenchmarkStore(b *testing.B) {
	body := strings.Repeat("x", 20_000)
	for _, loose := range []bool{false, true} {
		for _, parallel := range []int{1, 8, 64} {
			b.Run(fmt.Sprintf("loose=%v/parallel=%d", loose, parallel), func(b *testing.B) {
				s := &Sink{Path: b.TempDir(), Loose: loose}
				var n atomic.Int64
				work := func() {
					id := n.Add(1)
					p := parcelOf(fmt.Sprint("bench/", id), fmt.Sprintf("scan-%d.pdf", id), body)
					if err := s.Store(b.Context(), p); err != nil {
						b.Error(err)
					}
				}
				b.SetBytes(int64(len(body)))
				b.ReportAllocs()
				left := int64(b.N)
				b.ResetTimer()
				var wg sync.WaitGroup
				for range parallel {
					wg.Go(func() {
						for atomic.AddInt64(&left, -1) >= 0 {
							work()
						}
					})
				}
				wg.Wait()
				b.ReportMetric(float64(n.Load())/b.Elapsed().Seconds(), "parcels/s")
			})
		}
	}
}
