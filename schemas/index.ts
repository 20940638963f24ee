/**
 * What may be written: manifests, records, the OCI spec. A leaf: it imports nothing of tsctr, touches no host, and does not
 * decide what happens with what it has read.
 */
export * from './container.ts';
export * from './container-state.ts';
export * from './env.ts';
export * from './manifest.ts';
export * from './manifest-error.ts';
export * from './metadata.ts';
export * from './oci-spec.ts';
export * from './pod.ts';
export * from './probe.ts';
export * from './record.ts';
export * from './resources.ts';
export * from './security-context.ts';
export * from './volume.ts';
