/**
 * The words of the socket's protocol: HTTP/1.1 with JSON bodies. What takes time answers with NDJSON, one frame a line, the last
 * being a result or an error. Server and client both read this file, so neither can drift.
 */
export const ROUTES = {
  about: '/v1/about',
  resources: '/v1/resources',
  watch: '/v1/watch',
  apply: '/v1/apply',
  delete: '/v1/delete',
  plan: '/v1/plan',
  act: '/v1/act',
  logs: '/v1/logs',
  data: '/v1/data',
  host: '/v1/host',
  checkpointCreate: '/v1/checkpoints/create',
  checkpointRestore: '/v1/checkpoints/restore',
  checkpointCheck: '/v1/checkpoints/check',
  checkpointRemove: '/v1/checkpoints/remove',
  checkpointKey: '/v1/checkpoints/key',
  checkpointDeclared: '/v1/checkpoints/declared',
  volumeCreate: '/v1/volumes/create',
  volumeList: '/v1/volumes',
  volumeInspect: '/v1/volumes/inspect',
  volumeRemove: '/v1/volumes/remove',
  volumePrune: '/v1/volumes/prune',
  volumeExport: '/v1/volumes/export',
  volumeImport: '/v1/volumes/import',
  imagePull: '/v1/images/pull',
  imageList: '/v1/images',
  imageImport: '/v1/images/import',
  imageInspect: '/v1/images/inspect',
  imagePush: '/v1/images/push',
  imageRemove: '/v1/images/remove',
  imagePrune: '/v1/images/prune',
} as const;

/** Goes up when a server and a client of different numbers could misunderstand each other. */
export const API_NUMBER = 2;

/** Largest body that the server reads, bytes: a thousand generous manifests. */
export const LARGEST_BODY_BYTES = 16 * 1024 * 1024;

/** What the daemon says of itself. */
export interface About {
  name: 'tsctr';
  version: string;
  api: number;
  pid: number;
  /** The root directory that it keeps. */
  root: string;
}

/** One line of an NDJSON answer. */
export type Frame = { event: unknown } | { result: unknown } | { error: WireError };

/** An error as it crosses the socket. */
export interface WireError {
  name: string;
  message: string;
  /** Own fields of the error: `code`, `problems`, `errno` … */
  fields: Readonly<Record<string, unknown>>;
  cause: WireError | null;
}
