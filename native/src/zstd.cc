// libzstd: one function or handle of it for each export. Only `zstdMeasure` runs on the JavaScript thread; it
// reads the headers of blocks and no content.
#include <zstd.h>
#include <zstd_errors.h>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "arguments.hh"
#include "pool_worker.hh"
#include "wrappers.hh"

namespace tsctr {
namespace {

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

using Compressor = std::unique_ptr<ZSTD_CCtx, FreeContext>;
using Decompressor = std::unique_ptr<ZSTD_DCtx, FreeContext>;

/** What zstd(1) takes without --long or --memory: a stream may make us hold 128 MiB of what has gone before.
 */
constexpr int kMaxWindowLog = 27;

const char* codeOf(ZSTD_ErrorCode code) {
  switch (code) {
    case ZSTD_error_frameParameter_windowTooLarge:
      return "ZSTD_WINDOW";
    case ZSTD_error_memory_allocation:
      return "ZSTD_MEMORY";
    default:
      return "ZSTD_DATA";
  }
}

/** The result of a call of libzstd, unless that is an error. */
size_t succeeded(size_t result) {
  if (ZSTD_isError(result) == 0) return result;
  throw WorkFailure{codeOf(ZSTD_getErrorCode(result)), ZSTD_getErrorName(result)};
}

template <typename Context>
Context made(Context context) {
  if (!context) throw WorkFailure{"ZSTD_MEMORY", ZSTD_getErrorString(ZSTD_error_memory_allocation)};
  return context;
}

Decompressor makeDecompressor() {
  Decompressor context = made(Decompressor(ZSTD_createDCtx()));
  succeeded(ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kMaxWindowLog));
  return context;
}

/** Memory of JavaScript, which whoever uses it on another thread must keep alive. */
struct Bytes {
  explicit Bytes(Napi::Uint8Array array) : data(array.Data()), size(array.ByteLength()) {}
  uint8_t* data;
  size_t size;
};

struct Frame {
  std::unique_ptr<uint8_t[]> data;
  size_t size = 0;
};

/** One frame with the size of its content and a checksum, as zstd(1) writes. */
Frame compressPieces(const std::vector<Bytes>& pieces, int level) {
  const Compressor context = made(Compressor(ZSTD_createCCtx()));
  size_t total = 0;
  for (const Bytes& piece : pieces) total += piece.size;
  succeeded(ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level));
  succeeded(ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1));
  succeeded(ZSTD_CCtx_setPledgedSrcSize(context.get(), total));
  const size_t room = ZSTD_compressBound(total);
  // What is not written of it never takes memory.
  auto data = std::make_unique_for_overwrite<uint8_t[]>(room);
  ZSTD_outBuffer output{data.get(), room, 0};
  for (const Bytes& piece : pieces) {
    ZSTD_inBuffer input{piece.data, piece.size, 0};
    while (input.pos < input.size) {
      succeeded(ZSTD_compressStream2(context.get(), &output, &input, ZSTD_e_continue));
    }
  }
  ZSTD_inBuffer nothing{nullptr, 0, 0};
  // There is room for all of it: one call ends the frame, with nothing left to be written.
  if (succeeded(ZSTD_compressStream2(context.get(), &output, &nothing, ZSTD_e_end)) != 0)
    throw WorkFailure{"ZSTD_DATA", "a frame is longer than ZSTD_compressBound says"};
  return {std::move(data), output.pos};
}

/** (pieces, level) → the promise of a Buffer */
Napi::Value zstdCompress(const Napi::CallbackInfo& info) {
  const Arguments args(info, "ZSTD_compressStream2");
  const Napi::Array array = info[0].As<Napi::Array>();
  const int level = args.integer(1);
  std::vector<Bytes> pieces;
  for (uint32_t i = 0; i < array.Length(); i++) {
    pieces.emplace_back(static_cast<Napi::Value>(array[i]).As<Napi::Uint8Array>());
  }
  auto frame = std::make_shared<Frame>();
  return PoolWorker::run(
      info.Env(), array,
      [frame, level, pieces = std::move(pieces)] { *frame = compressPieces(pieces, level); },
      [frame](Napi::Env env) -> Napi::Value {
        return Napi::Buffer<uint8_t>::New(env, frame->data.release(), frame->size,
                                          [](Napi::Env, uint8_t* data) { delete[] data; });
      });
}

/** (bytes, maxContentBytes) → [bytes of the whole frames at the beginning, bytes of their content] */
Napi::Value zstdMeasure(const Napi::CallbackInfo& info) {
  const Arguments args(info, "ZSTD_findFrameCompressedSize");
  const Bytes bytes(args.bytes(0));
  const auto maxContentBytes = static_cast<unsigned long long>(args.wide(1));
  size_t measured = 0;
  unsigned long long content = 0;
  while (measured < bytes.size) {
    const uint8_t* frame = bytes.data + measured;
    const unsigned long long size = ZSTD_getFrameContentSize(frame, bytes.size - measured);
    // Unknown, and no frame at all, are the two largest numbers.
    if (size > maxContentBytes - content) break;
    const size_t length = ZSTD_findFrameCompressedSize(frame, bytes.size - measured);
    if (ZSTD_isError(length) != 0) break;
    measured += length;
    content += size;
  }
  Napi::Array result = Napi::Array::New(info.Env(), 2);
  result.Set(0u, Napi::Number::New(info.Env(), static_cast<double>(measured)));
  result.Set(1u, Napi::Number::New(info.Env(), static_cast<double>(content)));
  return result;
}

/** (whole frames, output of the size of their content) → a promise */
Napi::Value zstdDecompress(const Napi::CallbackInfo& info) {
  const Arguments args(info, "ZSTD_decompressDCtx");
  const Bytes input(args.bytes(0));
  const Bytes output(args.bytes(1));
  Napi::Object kept = Napi::Object::New(info.Env());
  kept.Set("input", args.bytes(0));
  kept.Set("output", args.bytes(1));
  return PoolWorker::run(
      info.Env(), kept,
      [input, output] {
        const Decompressor context = makeDecompressor();
        const size_t written =
            succeeded(ZSTD_decompressDCtx(context.get(), output.data, output.size, input.data, input.size));
        if (written != output.size) throw WorkFailure{"ZSTD_DATA", "a frame is shorter than it says"};
      },
      [](Napi::Env env) -> Napi::Value { return env.Undefined(); });
}

/** A decoder that is in the middle of a stream. One step at a time. */
struct Decoder {
  Decompressor context = makeDecompressor();
  /** What libzstd says that it needs: 0 after a whole frame. */
  size_t wanted = 0;
};

using DecoderHandle = Napi::External<std::shared_ptr<Decoder>>;

/** () → a decoder */
Napi::Value zstdOpenDecoder(const Napi::CallbackInfo& info) {
  return DecoderHandle::New(info.Env(), new std::shared_ptr<Decoder>(std::make_shared<Decoder>()),
                            [](Napi::Env, std::shared_ptr<Decoder>* decoder) { delete decoder; });
}

/** (decoder), with which no step may begin any more: its memory is free as soon as no step is under way,
 * while the handle waits for a garbage collector that sees nothing of its size. */
Napi::Value zstdCloseDecoder(const Napi::CallbackInfo& info) {
  info[0].As<DecoderHandle>().Data()->reset();
  return info.Env().Undefined();
}

struct StepResult {
  size_t read = 0;
  size_t written = 0;
};

/** Until the output is full or the input is used up: a call of libzstd ends with each frame. */
StepResult step(Decoder& decoder, const Bytes& from, const Bytes& to) {
  ZSTD_inBuffer input{from.data, from.size, 0};
  ZSTD_outBuffer output{to.data, to.size, 0};
  do {
    decoder.wanted = succeeded(ZSTD_decompressStream(decoder.context.get(), &output, &input));
  } while (output.pos < output.size && input.pos < input.size);
  return {input.pos, output.pos};
}

/** (decoder, input, output) → the promise of [bytes read, bytes written, 1 within a frame, else 0] */
Napi::Value zstdDecodeStep(const Napi::CallbackInfo& info) {
  const Arguments args(info, "ZSTD_decompressStream");
  const std::shared_ptr<Decoder> decoder = *info[0].As<DecoderHandle>().Data();
  const Bytes input(args.bytes(1));
  const Bytes output(args.bytes(2));
  Napi::Object kept = Napi::Object::New(info.Env());
  kept.Set("input", args.bytes(1));
  kept.Set("output", args.bytes(2));
  auto result = std::make_shared<StepResult>();
  return PoolWorker::run(
      info.Env(), kept, [decoder, input, output, result] { *result = step(*decoder, input, output); },
      [decoder, result](Napi::Env env) -> Napi::Value {
        Napi::Array array = Napi::Array::New(env, 3);
        array.Set(0u, Napi::Number::New(env, static_cast<double>(result->read)));
        array.Set(1u, Napi::Number::New(env, static_cast<double>(result->written)));
        array.Set(2u, Napi::Number::New(env, decoder->wanted == 0 ? 0 : 1));
        return array;
      });
}

}  // namespace

void exposeZstd(Napi::Env env, Napi::Object exports) {
  expose<zstdCompress>(env, exports, "zstdCompress");
  expose<zstdMeasure>(env, exports, "zstdMeasure");
  expose<zstdDecompress>(env, exports, "zstdDecompress");
  expose<zstdOpenDecoder>(env, exports, "zstdOpenDecoder");
  expose<zstdCloseDecoder>(env, exports, "zstdCloseDecoder");
  expose<zstdDecodeStep>(env, exports, "zstdDecodeStep");
}

}  // namespace tsctr
