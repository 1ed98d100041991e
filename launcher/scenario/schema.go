package scenario

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// Schema returns the JSON Schema (draft 2020-12) of scenarios that name the
// protocols, openers and sinks of env, for editors and other programs. Where
// env has no openers or no sinks, any name is allowed.
//
// What it refuses Load refuses too; Load also looks into patterns, schedules,
// names and secrets.
func Schema(env Env) ([]byte, error) {
	root := objectSchema(reflect.TypeFor[File]())
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "Scenario of launchers"
	source, err := sourceSchema(env.Protocols)
	if err != nil {
		return nil, err
	}
	type plain Filter
	root["$defs"] = map[string]any{
		"source": source,
		"filter": map[string]any{"anyOf": []any{
			textSchema(),
			map[string]any{"type": "array", "items": textSchema()},
			objectSchema(reflect.TypeFor[plain]()),
		}},
	}
	one := root["properties"].(map[string]any)["launchers"].(map[string]any)["items"].(map[string]any)["properties"].(map[string]any)
	if len(env.Openers) > 0 {
		one["open"].(map[string]any)["items"] = map[string]any{"enum": slices.Sorted(maps.Keys(env.Openers))}
	}
	if len(env.Sinks) > 0 {
		names := slices.Sorted(maps.Keys(env.Sinks))
		if len(names) == 1 && names[0] != "" {
			names = append(names, "") // as if it were left out
		}
		one["sink"].(map[string]any)["enum"] = names
	}
	return json.MarshalIndent(root, "", "  ")
}

// sourceSchema decides by protocol.
func sourceSchema(protocols map[string]Protocol) (map[string]any, error) {
	names := slices.Sorted(maps.Keys(protocols))
	var cases []any
	for _, name := range names {
		t := reflect.TypeOf(protocols[name]())
		if t == nil || t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct {
			return nil, fmt.Errorf("protocol %q: its Form is a %v, want a pointer to a struct", name, t)
		}
		form := objectSchema(t.Elem())
		form["properties"].(map[string]any)["protocol"] = true
		cases = append(cases, map[string]any{
			"if":   map[string]any{"properties": map[string]any{"protocol": map[string]any{"const": name}}, "required": []string{"protocol"}},
			"then": form,
		})
	}
	out := map[string]any{
		"type": "object", "required": []string{"protocol"},
		"properties": map[string]any{"protocol": map[string]any{"enum": names, "description": "how to reach it"}},
	}
	if len(cases) > 0 {
		out["allOf"] = cases
	}
	return out, nil
}

// objectSchema is that of a struct type.
func objectSchema(t reflect.Type) map[string]any {
	properties := make(map[string]any)
	required := []string{}
	for _, f := range fieldsOf(t) {
		p := typeSchema(f.typ)
		if f.doc != "" {
			p["description"] = f.doc
		}
		if len(f.values) > 0 {
			p["enum"] = f.values
		}
		if f.least != nil {
			p["minimum"] = *f.least
		}
		if f.most != nil {
			p["maximum"] = *f.most
		}
		if f.required {
			required = append(required, f.name)
			if p["type"] == "string" {
				p["minLength"] = 1
			}
		}
		properties[f.name] = p
	}
	out := map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}

func typeSchema(t reflect.Type) map[string]any {
	if s, ok := reflect.New(t).Interface().(shaped); ok {
		return s.schema()
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeSchema(t.Elem())
	case reflect.String:
		return textSchema()
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return map[string]any{"type": "integer", "minimum": -maxInteger, "maximum": maxInteger}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": typeSchema(t.Elem())}
	case reflect.Struct:
		return objectSchema(t)
	}
	return map[string]any{}
}
