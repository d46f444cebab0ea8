package main

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goaio/aio"
	"github.com/goaio/aio/executor"
	"github.com/goaio/aio/internal/leakcheck"
)

func TestMain(m *testing.M) {
	executor.Main()
	leakcheck.Main(m)
}

func TestAFolderWithBadFiles(t *testing.T) {
	o := options{from: t.TempDir(), to: filepath.Join(t.TempDir(), "small"), size: 20, workers: 2, memory: 96 << 20}
	write := func(name string, content []byte) {
		if err := os.WriteFile(filepath.Join(o.from, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"a.png", "b.PNG", "c.png"} {
		write(name, half(t, 300, 100))
	}
	write("broken.jpg", []byte("no picture"))
	write("bomb.png", bomb(t, 20_000))
	write("notes.txt", []byte("not even the name of one"))
	var said bytes.Buffer
	err := aio.Run(context.Background(), func(ctx context.Context) error {
		d := &display{out: &said}
		err := makeThumbnails(ctx, o, d)
		if d.all != 5 || d.made != 3 || d.wrong != 2 {
			t.Errorf("%+v", d)
		}
		return err
	}, aio.NoInterrupt())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"5 of 5", "broken.jpg: ", "decode: image: unknown format", "bomb.png: it takes more than 96 MB of memory", "3 thumbnails in "} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("it did not say %q:\n%s", want, &said)
		}
	}
	file, err := os.Open(filepath.Join(o.to, "a.png.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	small, err := jpeg.Decode(file)
	if err != nil || small.Bounds().Dx() != 20 || small.Bounds().Dy() != 6 {
		t.Fatalf("the thumbnail is %v, error %v", small.Bounds(), err)
	}
	left, _, _, _ := small.At(2, 3).RGBA()
	right, _, _, _ := small.At(17, 3).RGBA()
	if left < 0xe000 || right > 0x2000 {
		t.Errorf("the thumbnail's halves are %x and %x", left, right)
	}
	if made, err := os.ReadDir(o.to); err != nil || len(made) != 3 {
		t.Errorf("%d thumbnails, error %v", len(made), err)
	}
}

// half is an image of which the left half is white, and the right one black.
func half(t *testing.T, width, height int) []byte {
	picture := image.NewGray(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width / 2 {
			picture.Set(x, y, color.White)
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// bomb is a small file of an image that takes size times size bytes.
func bomb(t *testing.T, size int) []byte {
	var pixels bytes.Buffer
	z := zlib.NewWriter(&pixels)
	row := make([]byte, 1+size/8)
	for range size {
		if _, err := z.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	header := binary.BigEndian.AppendUint32(nil, uint32(size))
	header = binary.BigEndian.AppendUint32(header, uint32(size))
	header = append(header, 1, 0, 0, 0, 0) // one bit a pixel, grey
	out := []byte("\x89PNG\r\n\x1a\n")
	chunk := func(kind string, content []byte) {
		out = binary.BigEndian.AppendUint32(out, uint32(len(content)))
		from := len(out)
		out = append(append(out, kind...), content...)
		out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[from:]))
	}
	chunk("IHDR", header)
	chunk("IDAT", pixels.Bytes())
	chunk("IEND", nil)
	return out
}
