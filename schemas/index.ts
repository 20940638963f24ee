/**
 * What may be written: manifests, records, the OCI spec. A leaf: it imports nothing of tsctr, touches no host, and does not
 * decide what happens with what it has read.
 *
 * Importing this face loads zod and yaml, which takes a tenth of a second: commands that only need its types use `import type`,
 * and those that may need a value import it when they do.
 */
export * from './checkpoint/archive-signature.ts';
export * from './oci/cdi-spec.ts';
export * from './checkpoint/checkpoint-environment.ts';
export * from './checkpoint/checkpoint.ts';
export * from './checkpoint/checkpoint-manifest.ts';
export * from './checkpoint/declared-checkpoint.ts';
export * from './checkpoint/kept-checkpoints.ts';
export { checkSet } from './manifest/check-set.ts';
export * from './data/config-map.ts';
export * from './container/container.ts';
export * from './record/container-state.ts';
export type * from './criu/criu-rpc.ts';
export { decodeEntries, MAX_DATA_BYTES } from './data/data-entries.ts';
export * from './volume/declared-volume.ts';
export * from './value/duration.ts';
export * from './container/env.ts';
export * from './explain/explain.ts';
export { formatExplanation } from './explain/format-explanation.ts';
export * from './oci/hook-definition.ts';
export * from './oci/host-file.ts';
export * from './value/image-reference.ts';
export { jsonSchema } from './explain/json-schema.ts';
export type { JsonSchema } from './explain/json-schema.ts';
export * from './configuration/configuration.ts';
export { loadConfiguration } from './configuration/load-configuration.ts';
export { loadManifests } from './manifest/load-manifests.ts';
export type { LoadResult } from './manifest/load-manifests.ts';
export type { LoadedManifest } from './manifest/loaded-manifest.ts';
export * from './manifest/manifest.ts';
export * from './manifest/manifest-error.ts';
export * from './manifest/metadata.ts';
export * from './oci/oci-spec.ts';
export { formatBytes, parseBytes, parseMilli } from './value/parse-quantity.ts';
export { placesOfFields } from './yaml/place-of-field.ts';
export * from './pod/pod.ts';
export * from './checkpoint/podman-archive.ts';
export * from './container/probe.ts';
export * from './checkpoint/restore-reason.ts';
export type { UsedSecret } from './container/provided-fields.ts';
export * from './record/record.ts';
export * from './container/resources.ts';
export * from './oci/seccomp-document.ts';
export * from './data/secret.ts';
export * from './container/security-context.ts';
export * from './value/signal.ts';
export { suggestName } from './issue/suggest-name.ts';
export * from './container/systemd-program.ts';
export * from './container/user-namespace.ts';
export * from './value/value-error.ts';
export * from './volume/volume.ts';
export * from './volume/volume-manifest.ts';
export * from './volume/volume-options.ts';
export * from './record/volume-record.ts';
