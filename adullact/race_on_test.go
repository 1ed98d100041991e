//go:build race

package adullact

// bigLength is the length of the base64 in TestBigPES: the race detector makes
// it slow.
const bigLength = 4 << 20

// killEvery is how many steps lie between two at which TestKilledWriter kills.
const killEvery = 5
