import { availableParallelism } from 'node:os';

/** What a frame of ours holds at most: the cut costs nothing that could be measured, and a few in memory at a time do not matter. */
export const FRAME_BYTES = 4 << 20;

/** Frames under way besides the one that is waited for: of libuv's four threads one is left to those who wait for files. */
export const FRAMES_AHEAD = Math.min(2, availableParallelism());
