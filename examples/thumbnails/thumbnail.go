package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	_ "image/gif" // the formats that are read
	"image/jpeg"
	_ "image/png"
	"os"

	"github.com/goaio/aio/executor"
)

// request is what a worker is asked for.
type request struct {
	Path string
	Size int // of the longer side, in pixels
}

// thumbnail reads an image and returns a small one as JPEG.
var thumbnail = executor.Func("thumbnail", func(_ context.Context, r request) ([]byte, error) {
	file, err := os.Open(r.Path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	picture, _, err := image.Decode(file)
	if err != nil {
		return nil, fmt.Errorf("decode: %w", err)
	}
	var out bytes.Buffer
	err = jpeg.Encode(&out, shrink(picture, r.Size), &jpeg.Options{Quality: 85})
	return out.Bytes(), err
})

// shrink returns an image whose longer side has at most size pixels, each the
// mean of those that it stands for.
func shrink(from image.Image, size int) image.Image {
	b := from.Bounds()
	longer := max(b.Dx(), b.Dy())
	if longer <= size {
		return from
	}
	width, height := max(1, b.Dx()*size/longer), max(1, b.Dy()*size/longer)
	to := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			to.Set(x, y, mean(from, image.Rect(
				b.Min.X+x*b.Dx()/width, b.Min.Y+y*b.Dy()/height, b.Min.X+(x+1)*b.Dx()/width, b.Min.Y+(y+1)*b.Dy()/height)))
		}
	}
	return to
}

// mean is the mean colour of a part of an image.
func mean(from image.Image, part image.Rectangle) color.Color {
	var red, green, blue, alpha uint64
	for y := part.Min.Y; y < part.Max.Y; y++ {
		for x := part.Min.X; x < part.Max.X; x++ {
			r, g, b, a := from.At(x, y).RGBA()
			red, green, blue, alpha = red+uint64(r), green+uint64(g), blue+uint64(b), alpha+uint64(a)
		}
	}
	n := uint64(part.Dx() * part.Dy())
	return color.RGBA64{uint16(red / n), uint16(green / n), uint16(blue / n), uint16(alpha / n)}
}
