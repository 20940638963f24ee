import { z } from 'zod';
import { container } from './container.ts';
import { pod } from './pod.ts';

/** Any manifest that tsctr takes. */
export const manifest = z.discriminatedUnion('kind', [container, pod]);
export type Manifest = z.infer<typeof manifest>;
export type ManifestKind = Manifest['kind'];

/** The schema of each kind. */
export const manifestSchemas = { Container: container, Pod: pod } as const satisfies Record<
  ManifestKind,
  z.ZodType
>;

/** The apiVersion that each kind has. */
export const API_VERSIONS: Readonly<Record<ManifestKind, string>> = { Container: 'tsctr.dev/v1', Pod: 'v1' };
