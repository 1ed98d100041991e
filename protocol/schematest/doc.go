// Package schematest holds the JSON Schema of scenarios to what package
// scenario accepts, with a validator that shares no code with it. It is a
// module of its own so that nobody else needs that validator.
package schematest
