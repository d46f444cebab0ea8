package aiohttp

import (
	"io"
	"log"
	"log/slog"
)

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

func silent() *slog.Logger { return slog.New(slog.DiscardHandler) }
