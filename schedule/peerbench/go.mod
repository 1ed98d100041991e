module github.com/ezged/coldlauncher/schedule/peerbench

go 1.25.0

require (
	github.com/adhocore/gronx v1.20.4
	github.com/ezged/coldlauncher v0.0.0
	github.com/gorhill/cronexpr v0.0.0-20180427100037-88b0669f7d75
	github.com/hashicorp/cronexpr v1.1.3
	github.com/reugn/go-quartz v0.15.2
	github.com/robfig/cron/v3 v3.0.1
)

require (
	github.com/stretchr/testify v1.12.1 // indirect
	golang.org/x/text v0.41.0 // indirect
)

replace github.com/ezged/coldlauncher => ../..
