import { EngineError } from '../engine-error.ts';
import type { ImageConfig } from '../contract/image-engine.ts';
import { isDigest } from './image-paths.ts';

/** The parts of an OCI image manifest (image-spec, manifest.md) that tsctr uses. */
export interface ImageManifest {
  mediaType: string;
  annotations: Readonly<Record<string, string>>;
  config: Descriptor;
  layers: Descriptor[];
}

/** A blob: its digest and its size in bytes. */
export interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
}

/** The parts of an OCI image configuration (image-spec, config.md) that tsctr uses. */
export interface ImageFacts {
  created: string | null;
  architecture: string;
  os: string;
  /** sha256 of each uncompressed layer, lowest first. */
  diffIds: string[];
  config: ImageConfig;
}

type Json = Readonly<Record<string, unknown>>;

/** Reads a manifest of one image. Throws IMAGE_INVALID, naming `digest`. */
export function parseManifest(bytes: Buffer, digest: string): ImageManifest {
  const operation = `read image manifest ${digest}`;
  const manifest = parseObject(bytes, operation);
  const config = descriptor(manifest['config'], operation);
  // An artifact has a configuration of another type; so have images of other systems.
  if (!/^application\/vnd\.(?:oci\.image\.config|docker\.container\.image)\./.test(config.mediaType)) {
    throw invalid(
      operation,
      `it is no container image: its configuration is ${JSON.stringify(config.mediaType)}`,
    );
  }
  const layers = array(manifest['layers'], operation, 'layers').map((layer) => descriptor(layer, operation));
  for (const { mediaType } of layers) {
    if (/(?:encrypted|nondistributable|foreign)/.test(mediaType)) {
      throw invalid(operation, `a layer is ${JSON.stringify(mediaType)}, which is not supported`);
    }
  }
  const mediaType = text(manifest['mediaType']) ?? 'application/vnd.oci.image.manifest.v1+json';
  return { mediaType, annotations: strings(manifest['annotations']), config, layers };
}

/** Reads an image configuration. Throws IMAGE_INVALID, naming `digest`. */
export function parseFacts(bytes: Buffer, digest: string): ImageFacts {
  const operation = `read image configuration ${digest}`;
  const facts = parseObject(bytes, operation);
  const rootfs = object(facts['rootfs']);
  const diffIds = array(rootfs['diff_ids'] ?? [], operation, 'rootfs.diff_ids');
  if (!diffIds.every(isDigest))
    throw invalid(operation, 'rootfs.diff_ids holds something that is no sha256 digest');
  const os = text(facts['os']) ?? 'linux';
  if (os !== 'linux') throw invalid(operation, `it is an image for ${JSON.stringify(os)}, expected linux`);
  return {
    created: text(facts['created']),
    architecture: text(facts['architecture']) ?? 'unknown',
    os,
    diffIds,
    config: imageConfig(object(facts['config'])),
  };
}

/** Takes what has the right shape: builders write null for what is not there. */
function imageConfig(from: Json): ImageConfig {
  const config: ImageConfig = {};
  for (const key of ['User', 'WorkingDir', 'StopSignal'] as const) {
    const value = text(from[key]);
    if (value !== null && value !== '') config[key] = value;
  }
  for (const key of ['Env', 'Entrypoint', 'Cmd'] as const) {
    const value = from[key];
    if (Array.isArray(value)) config[key] = value.filter((item) => typeof item === 'string');
  }
  for (const key of ['ExposedPorts', 'Volumes'] as const) {
    const keys = Object.keys(object(from[key]));
    if (keys.length > 0) config[key] = Object.fromEntries(keys.map((name) => [name, {}]));
  }
  const labels = strings(from['Labels']);
  if (Object.keys(labels).length > 0) config.Labels = labels;
  return config;
}

function strings(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(object(value)).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  );
}

function descriptor(value: unknown, operation: string): Descriptor {
  const { mediaType, digest, size } = object(value);
  if (!isDigest(digest))
    throw invalid(operation, `expected a sha256 digest, found ${JSON.stringify(digest)}`);
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw invalid(operation, `expected the size of ${digest}, found ${JSON.stringify(size)}`);
  }
  return { mediaType: text(mediaType) ?? '', digest, size };
}

function parseObject(bytes: Buffer, operation: string): Json {
  try {
    return object(JSON.parse(bytes.toString('utf8')));
  } catch (cause) {
    throw new EngineError('IMAGE_INVALID', `${operation}: it is not JSON`, { cause });
  }
}

function array(value: unknown, operation: string, name: string): unknown[] {
  if (!Array.isArray(value)) throw invalid(operation, `expected the list ${name}`);
  return value as unknown[];
}

function object(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function invalid(operation: string, reason: string): EngineError {
  return new EngineError('IMAGE_INVALID', `${operation}: ${reason}`);
}
