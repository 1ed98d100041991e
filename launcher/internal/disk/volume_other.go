//go:build !linux

package disk

import (
	"errors"
	"os"
)

func volumeSyncs(*os.File) error  { return errors.ErrUnsupported }
func syncVolume(*os.File) error   { return errors.ErrUnsupported }
func startWriting(*os.File) error { return errors.ErrUnsupported }
