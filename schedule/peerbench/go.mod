module github.com/ezged/coldlauncher/schedule/peerbench

go 1.25.0

require github.com/ezged/coldlauncher v0.0.0

require (
	github.com/adhocore/gronx v1.20.4 // indirect
	github.com/gorhill/cronexpr v0.0.0-20180427100037-88b0669f7d75 // indirect
	github.com/hashicorp/cronexpr v1.1.3 // indirect
	github.com/reugn/go-quartz v0.15.2 // indirect
	github.com/robfig/cron/v3 v3.0.1 // indirect
)

replace github.com/ezged/coldlauncher => ../..
