//go:build !linux && !darwin

package dir

// renameHeld is renameNew between folders that are open already.
func renameHeld(from *held, old string, to *held, new string) error {
	return renameNew(from.root, old, to.root, new)
}
