/**
 * What may be written: manifests, records, the OCI spec. A leaf: it imports nothing of tsctr, touches no host, and does not
 * decide what happens with what it has read.
 *
 * Importing this face loads zod and yaml, which takes a tenth of a second: commands that only need its types use `import type`,
 * and those that may need a value import it when they do.
 */
export * from './archive-signature.ts';
export * from './cdi-spec.ts';
export * from './checkpoint-environment.ts';
export * from './checkpoint.ts';
export * from './checkpoint-manifest.ts';
export * from './declared-checkpoint.ts';
export * from './kept-checkpoints.ts';
export { checkSet } from './check-set.ts';
export * from './config-map.ts';
export * from './container.ts';
export * from './container-state.ts';
export type * from './criu-rpc.ts';
export { decodeEntries, MAX_DATA_BYTES } from './data-entries.ts';
export * from './declared-volume.ts';
export * from './duration.ts';
export * from './env.ts';
export * from './explain.ts';
export { formatExplanation } from './format-explanation.ts';
export * from './hook-definition.ts';
export * from './host-file.ts';
export * from './image-reference.ts';
export { jsonSchema } from './json-schema.ts';
export type { JsonSchema } from './json-schema.ts';
export * from './configuration.ts';
export { loadConfiguration } from './load-configuration.ts';
export { loadManifests } from './load-manifests.ts';
export type { LoadResult } from './load-manifests.ts';
export type { LoadedManifest } from './loaded-manifest.ts';
export * from './manifest.ts';
export * from './manifest-error.ts';
export * from './metadata.ts';
export * from './oci-spec.ts';
export { formatBytes, parseBytes, parseMilli } from './parse-quantity.ts';
export { placesOfFields } from './place-of-field.ts';
export * from './pod.ts';
export * from './podman-archive.ts';
export * from './probe.ts';
export * from './restore-reason.ts';
export type { UsedSecret } from './provided-fields.ts';
export * from './record.ts';
export * from './resources.ts';
export * from './seccomp-document.ts';
export * from './secret.ts';
export * from './security-context.ts';
export * from './signal.ts';
export { suggestName } from './suggest-name.ts';
export * from './systemd-program.ts';
export * from './user-namespace.ts';
export * from './value-error.ts';
export * from './volume.ts';
export * from './volume-manifest.ts';
export * from './volume-options.ts';
export * from './volume-record.ts';
