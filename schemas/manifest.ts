import { z } from 'zod';
import { container } from './container.ts';
import { pod } from './pod.ts';

/** Any manifest that tsctr takes. */
export const manifest = z.discriminatedUnion('kind', [container, pod]);
export type Manifest = z.infer<typeof manifest>;
export type ManifestKind = Manifest['kind'];
