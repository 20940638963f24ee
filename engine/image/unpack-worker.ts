/** The worker thread that unpacks layers, one request after the other, so that the daemon's event loop stays free. */
import { parentPort } from 'node:worker_threads';
import { createLinuxKernel } from '../../native/index.ts';
import { EngineError } from '../engine-error.ts';
import { unpackLayer } from './unpack-layer.ts';
import type { UnpackedLayer, UnpackRequest } from './unpack-layer.ts';
import type { EngineErrorCode } from '../engine-error.ts';

/** To the worker. `cancel` holds one number, which is not 0 when the work is no longer wanted. */
export interface WorkerRequest {
  request: UnpackRequest;
  cancel: SharedArrayBuffer;
}

/** From the worker: progress, then one of the others. */
export type WorkerReply =
  | { kind: 'progress'; bytes: number }
  | { kind: 'done'; layer: UnpackedLayer }
  | { kind: 'failed'; code: EngineErrorCode | null; message: string; hint: string | null };

const PROGRESS_STEP_BYTES = 4 * 2 ** 20;

async function serve(
  { request, cancel }: WorkerRequest,
  reply: (message: WorkerReply) => void,
): Promise<void> {
  const cancelled = new Int32Array(cancel);
  let told = 0;
  const control = {
    isCancelled: () => Atomics.load(cancelled, 0) !== 0,
    onProgress: (bytes: number) => {
      if (bytes - told < PROGRESS_STEP_BYTES) return;
      told = bytes;
      reply({ kind: 'progress', bytes });
    },
  };
  try {
    reply({ kind: 'done', layer: await unpackLayer(createLinuxKernel(), request, control) });
  } catch (error) {
    const known = error instanceof EngineError ? error : null;
    reply({
      kind: 'failed',
      code: known?.code ?? null,
      message: error instanceof Error ? error.message : String(error),
      hint: known?.hint ?? null,
    });
  }
}

const port = parentPort;
port?.on('message', (message: WorkerRequest) => {
  void serve(message, (reply) => {
    port.postMessage(reply);
  });
});
