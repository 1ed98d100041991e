//go:build !race

package adullact

// bigLength is the length of the base64 in TestBigPES.
const bigLength = 100 << 20

// killEvery is how many steps lie between two at which TestKilledWriter kills.
const killEvery = 1
