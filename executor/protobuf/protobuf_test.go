package protobuf

import (
	"context"
	"os"
	"reflect"
	"runtime"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/goaio/aio/executor"
)

// process answers a message with another one, and says where it runs.
var process = executor.Func("process", func(_ context.Context, in *wrapperspb.StringValue) (*structpb.Struct, error) {
	return structpb.NewStruct(map[string]any{"said": in.GetValue(), "process": float64(os.Getpid())})
})

func TestMain(m *testing.M) {
	executor.Main()
	os.Exit(m.Run())
}

func TestMessagesCrossToAProcess(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("process pools need Linux")
	}
	pool, err := executor.NewProcessPool(executor.ProcessPoolOptions{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Shutdown(context.Background(), executor.KillAll)
	for _, in := range []*wrapperspb.StringValue{wrapperspb.String("grüß dich"), wrapperspb.String(""), nil} {
		out, err := process.Run(t.Context(), pool, in)
		if err != nil {
			t.Fatal(err)
		}
		if got := out.GetFields(); got["said"].GetStringValue() != in.GetValue() || int(got["process"].GetNumberValue()) == os.Getpid() {
			t.Errorf("%v came back as %v", in, out)
		}
	}
}

func TestWhatTheCodecTakes(t *testing.T) {
	for _, c := range []struct {
		of   reflect.Type
		want bool
	}{
		{reflect.TypeFor[*structpb.Value](), true},
		{reflect.TypeFor[structpb.Value](), false}, // it must not be copied
		{reflect.TypeFor[proto.Message](), false},
		{reflect.TypeFor[*int](), false},
		{reflect.TypeFor[[]*structpb.Value](), false},
	} {
		if got := (Codec{}).Takes(c.of); got != c.want {
			t.Errorf("%v: %v", c.of, got)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, m := range []proto.Message{structpb.NewStringValue("x"), structpb.NewNumberValue(1), structpb.NewNullValue()} {
		data, err := Codec{}.Encode(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var first, second *structpb.Value
		if (Codec{}).Decode(data, &first) != nil {
			return
		}
		again, err := Codec{}.Encode(first)
		if err != nil {
			return // text that is not UTF-8 is refused on the way out
		}
		if err := (Codec{}).Decode(again, &second); err != nil {
			t.Fatalf("%v was written and not understood: %v", first, err)
		}
	})
}
