import { z } from 'zod';

/** A Kubernetes quantity as it stands in a manifest: `64Mi`, `500m`, `1`. Numbers are taken as their decimal text. */
export const quantity = z
  .union([z.string(), z.number()])
  .transform(String)
  .pipe(
    z
      .string()
      .regex(
        /^[+]?(\d+(\.\d*)?|\.\d+)(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?\d{1,3})?$/,
        'must be a quantity such as 64Mi or 500m',
      ),
  );
