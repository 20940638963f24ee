import { Worker } from 'node:worker_threads';

/** A new thread that runs unpack-worker.ts. In the bundle that is a file of its own beside the chunk which this is in. */
export function startUnpackWorker(): Worker {
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL('./unpack-worker.js', import.meta.url));
  // Run from the sources, by tsx: its hooks do not reach into worker threads by themselves.
  const tsx = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  const entry = JSON.stringify(new URL('./unpack-worker.ts', import.meta.url).href);
  return new Worker(`import(${tsx}).then((tsx) => { tsx.register(); return import(${entry}); });`, {
    eval: true,
  });
}
