import type { Worker } from 'node:worker_threads';
import { EngineError } from '../engine-error.ts';
import { startUnpackWorker } from './start-unpack-worker.ts';
import type { UnpackedLayer, UnpackRequest } from './unpack-layer.ts';
import type { WorkerReply, WorkerRequest } from './unpack-worker.ts';

export interface UnpackJobOptions {
  signal?: AbortSignal;
  /** Bytes of the uncompressed archive so far. */
  onProgress?: (bytes: number) => void;
}

export interface UnpackPool {
  /** Unpacks when a thread is free, in the order of the calls. */
  unpack(request: UnpackRequest, options?: UnpackJobOptions): Promise<UnpackedLayer>;
}

interface Job {
  request: UnpackRequest;
  options: UnpackJobOptions;
  resolve: (layer: UnpackedLayer) => void;
  reject: (error: Error) => void;
}

/**
 * At most `threads` layers at a time, each on a worker thread; the threads end when there is no work, and so keep no process
 * alive. gzip is decoded by libuv's threads beside them.
 */
export function createUnpackPool(threads: number): UnpackPool {
  const queue: Job[] = [];
  let busy = 0;

  async function work(): Promise<void> {
    busy++;
    let worker: Worker | null = null;
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
      worker ??= startUnpackWorker();
      try {
        job.resolve(await runJob(worker, job));
      } catch (error) {
        if (error instanceof WorkerBroken) worker = null;
        job.reject(error instanceof Error ? error : new Error(String(error)));
      }
    }
    busy--;
    await worker?.terminate();
  }

  return {
    unpack: (request, options = {}) =>
      new Promise((resolve, reject) => {
        queue.push({ request, options, resolve, reject });
        if (busy < threads) void work();
      }),
  };
}

/** The thread itself has ended: out of memory, or a fault of ours. */
class WorkerBroken extends Error {}

function runJob(worker: Worker, { request, options }: Job): Promise<UnpackedLayer> {
  const cancel = new SharedArrayBuffer(4);
  const onAbort = (): void => {
    Atomics.store(new Int32Array(cancel), 0, 1);
  };
  if (options.signal?.aborted === true) onAbort();
  return new Promise<UnpackedLayer>((resolve, reject) => {
    const onMessage = (reply: WorkerReply): void => {
      if (reply.kind === 'progress') options.onProgress?.(reply.bytes);
      else if (reply.kind === 'done')
        settle(() => {
          resolve(reply.layer);
        });
      else
        settle(() => {
          reject(toError(reply));
        });
    };
    const onError = (cause: Error): void => {
      settle(() => {
        reject(
          new WorkerBroken(`unpack layer ${request.diffId}: the worker failed: ${cause.message}`, { cause }),
        );
      });
    };
    const onExit = (code: number): void => {
      onError(new Error(`it ended with ${String(code)}`));
    };
    const settle = (finish: () => void): void => {
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      options.signal?.removeEventListener('abort', onAbort);
      finish();
    };
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    options.signal?.addEventListener('abort', onAbort);
    const message: WorkerRequest = { request, cancel };
    worker.postMessage(message);
  });
}

function toError(reply: WorkerReply & { kind: 'failed' }): Error {
  const options = reply.hint === null ? {} : { hint: reply.hint };
  return reply.code === null ? new Error(reply.message) : new EngineError(reply.code, reply.message, options);
}
