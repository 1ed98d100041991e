package spool

import (
	"bytes"
	"fmt"
	"testing"
)

func BenchmarkRead(b *testing.B) {
	for _, size := range []int{4 << 10, 100 << 10, 1 << 20, 8 << 20} {
		b.Run(fmt.Sprint(size>>10, "KiB"), func(b *testing.B) {
			p := &Pool{Dir: b.TempDir()}
			from := content(size, 1)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				body, err := p.Read(b.Context(), bytes.NewReader(from))
				if err != nil {
					b.Fatal(err)
				}
				if err := body.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
