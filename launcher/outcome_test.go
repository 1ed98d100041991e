package launcher_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/ezged/coldlauncher/launcher"
)

func TestOutcomeOf(t *testing.T) {
	plain := errors.New("plain")
	reject, halt, later := launcher.Reject(plain), launcher.Halt(plain), launcher.Later(plain)
	tests := []struct {
		name string
		err  error
		want launcher.Outcome
	}{
		{"nil", nil, launcher.Taken},
		{"plain", plain, launcher.Left},
		{"cancelled", context.Canceled, launcher.Left},
		{"reject", reject, launcher.SetAside},
		{"halt", halt, launcher.Stop},
		{"later", later, launcher.Left},
		{"wrapped reject", fmt.Errorf("store: %w", reject), launcher.SetAside},
		{"wrapped halt", fmt.Errorf("store: %w", halt), launcher.Stop},
		{"reject of halt", launcher.Reject(fmt.Errorf("read: %w", halt)), launcher.Stop},
		{"halt of reject", launcher.Halt(reject), launcher.Stop},
		{"reject of later", launcher.Reject(later), launcher.Left},
		{"reject of joined", launcher.Reject(errors.Join(plain, plain)), launcher.SetAside},
		{"reject and plain", errors.Join(reject, plain), launcher.Left},
		{"reject and later", errors.Join(reject, later), launcher.Left},
		{"two rejects", errors.Join(reject, reject), launcher.SetAside},
		{"reject and halt", errors.Join(reject, halt), launcher.Stop},
		{"halt among plain", errors.Join(plain, fmt.Errorf("x: %w", halt), plain), launcher.Stop},
	}
	for _, tt := range tests {
		if got := launcher.OutcomeOf(tt.err); got != tt.want {
			t.Errorf("%s: OutcomeOf = %v, want %v", tt.name, got, tt.want)
		}
	}
	for _, mark := range []func(error) error{launcher.Reject, launcher.Halt, launcher.Later} {
		if mark(nil) != nil {
			t.Error("a mark on nil must stay nil")
		}
		if !errors.Is(mark(plain), plain) {
			t.Error("a mark must keep the error that it marks")
		}
	}
}
