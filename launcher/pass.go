package launcher

import "context"

type pass struct {
	dry   bool
	queue queue
}

type queue struct{}

func (*queue) join() any                                     { return nil }
func (*pass) progress(int64)                                 {}
func (*pass) putAside(ctx context.Context, id, where string) {}
