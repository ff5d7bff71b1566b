//go:build tools

// Package prometheus pins the server that the sandbox builds where the machine has none.
package prometheus

import _ "github.com/prometheus/prometheus/cmd/prometheus"
