import { z } from 'zod';
import { QUANTITY_PATTERN } from './parse-quantity.ts';

/** A Kubernetes quantity as it stands in a manifest: `64Mi`, `500m`, `1`. Numbers are taken as their decimal text. */
export const quantity = z
  .union([
    z.string().regex(QUANTITY_PATTERN, 'expected a quantity such as 64Mi or 500m'),
    z.number().min(0).max(Number.MAX_SAFE_INTEGER),
  ])
  .transform(String);
