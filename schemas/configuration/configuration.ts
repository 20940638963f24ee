import { z } from 'zod';

const absolutePath = z.string().regex(/^\//, 'must be an absolute path');

/** `/etc/tsctr/config.yaml`: what concerns the host as a whole. Everything has a default; the file may be missing. */
export const configuration = z.strictObject({
  runtime: z
    .string()
    .min(1)
    .default('auto')
    .describe('OCI runtime: `auto`, a name such as runc or crun, or an absolute path.'),
  manifests: absolutePath
    .default('/etc/tsctr.d')
    .describe('The directory of manifests that the daemon follows.'),
  registries: z
    .strictObject({
      configFile: absolutePath
        .optional()
        .describe('containers-registries.conf(5). Default: that of the host.'),
      authFile: absolutePath.optional().describe('containers-auth.json(5).'),
      policyFile: absolutePath
        .optional()
        .describe('containers-policy.json(5): which signatures are asked for.'),
      insecure: z
        .array(z.string())
        .optional()
        .describe(
          '`host` or `host:port` of registries without TLS, or with a certificate that nobody vouches for.',
        ),
      search: z
        .array(z.string())
        .optional()
        .describe('Where short names are looked for, in order. Default: docker.io.'),
    })
    .default({})
    .describe('How registries are spoken to.'),
  checkpoints: z
    .strictObject({
      trust: z
        .strictObject({
          directories: z
            .array(absolutePath)
            .optional()
            .describe(
              'Archives in them are restored, whoever made them, as long as only root can write to them. Default: none.',
            ),
          keys: z
            .array(
              z
                .string()
                .regex(
                  /^ed25519:[A-Za-z0-9_-]{43}$/,
                  'must be a key as the refusal of an archive names it: `ed25519:…`',
                ),
            )
            .optional()
            .describe(
              'Archives that were signed by another instance of tsctr with them are restored. Default: none.',
            ),
          registries: z
            .array(
              z
                .string()
                .regex(
                  /^[a-z0-9.-]+(:[0-9]{1,5})?(\/[a-z0-9._-]+)*$/,
                  'must be a registry, or what is below one: `registry.example`, `registry.example:5000/team`',
                ),
            )
            .optional()
            .describe(
              'Images of checkpoints that were pulled from there by TLS, or from this host, are restored, whoever made them. Default: none.',
            ),
        })
        .optional()
        .describe('Whose checkpoints are restored besides those that this instance has made.'),
    })
    .optional()
    .describe('Archives of checkpoints.'),
});
export type Configuration = z.infer<typeof configuration>;
