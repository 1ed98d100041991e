//go:build race

package adullact

// bigLength is the length of the base64 in TestBigPES: the race detector makes
// it slow.
const bigLength = 4 << 20
