/**
 * Does one thing to one container, pod, volume, image or network when told. It never decides what should be, never reads
 * manifests, and starts nothing by itself.
 */
export type * from './engine.ts';
export type * from './store/record-store.ts';
