import { z } from 'zod';

const absolutePath = z.string().regex(/^\/./, 'must be an absolute path other than `/`');
const accountName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_.-]*\$?$/, 'must be the name of an account, as in /etc/passwd');
const oneLine = z.string().regex(/^[^\n\r\0]+$/, 'must be one line');
const id = z.int().min(0).max(4_294_967_294);

/** A secret, or some of its keys, as files or as one variable: what Kubernetes says in three places, for a Container. */
const usedSecret = z.strictObject({
  name: z.string().min(1).describe('Name of the Secret.'),
  key: z
    .string()
    .min(1)
    .optional()
    .describe('One of its keys. Default: all of them, or the only one where a single value is needed.'),
  target: z
    .string()
    .min(1)
    .optional()
    .describe(
      'File name below /run/secrets, or an absolute path. Default: the name of the secret, or of each key.',
    ),
  env: z
    .string()
    .regex(/^[^=\0]+$/, 'must be the name of an environment variable')
    .optional()
    .describe('Name of a variable that is set to the value, in place of a file.'),
  uid: id.optional().describe('Owner of the file, in the container. Default: 0.'),
  gid: id.optional().describe('Group of the file, in the container. Default: 0.'),
  mode: z
    .string()
    .regex(/^0?[0-7]{3}$/, 'must be an octal mode such as "0444"')
    .optional()
    .describe('Mode of the file, octal, in quotes. Default: "0444".'),
});
export type UsedSecret = z.infer<typeof usedSecret>;

/** What tsctr puts into a container beside its image: users, names, secrets, hooks. */
export const providedFields = {
  hostUsers: z
    .array(accountName)
    .optional()
    .describe('Users of the host that the container knows too, and may run as.'),
  passwd: z
    .boolean()
    .optional()
    .describe("False leaves the container's /etc/passwd and /etc/group as they are. Default: true."),
  passwdEntry: oneLine
    .optional()
    .describe(
      'Line for a user that the image does not know; $USERNAME, $UID, $GID, $NAME and $HOME are replaced.',
    ),
  groupEntry: oneLine
    .optional()
    .describe('Line for a group that the image does not know; $GROUPNAME, $GID and $USERLIST are replaced.'),
  baseHostsFile: z
    .union([z.enum(['host', 'image', 'none']), absolutePath])
    .optional()
    .describe(
      "What /etc/hosts begins with: the host's, the image's, nothing, or a file. Default: host with the host's network, else none.",
    ),
  useImageHosts: z.boolean().optional().describe("Leave the image's /etc/hosts in place. Default: false."),
  useImageResolvConf: z
    .boolean()
    .optional()
    .describe("Leave the image's /etc/resolv.conf in place. Default: false."),
  chrootDirs: z
    .array(absolutePath)
    .optional()
    .describe('Directories of the container in which hosts, resolv.conf and the like appear as well.'),
  secrets: z.array(usedSecret).optional().describe('Secrets, as files below /run/secrets or as variables.'),
  cdiDevices: z
    .array(
      z
        .string()
        .regex(
          /^[A-Za-z][A-Za-z0-9_.-]*\/[A-Za-z][A-Za-z0-9_-]*=[A-Za-z0-9]([A-Za-z0-9_.:-]*[A-Za-z0-9])?$/,
          'must be the name of a CDI device such as vendor.com/class=name',
        ),
    )
    .optional()
    .describe('Devices by their qualified names, from the specifications in /etc/cdi and /var/run/cdi.'),
  hooksDirs: z
    .array(absolutePath)
    .optional()
    .describe(
      'Directories with OCI hooks. Default: /usr/share/containers/oci/hooks.d and /etc/containers/oci/hooks.d.',
    ),
  listenFdNames: z
    .array(
      z
        .string()
        // fdname_is_valid() of systemd: printable ASCII, no colon.
        .regex(/^[ -9;-~]{1,255}$/, 'must be printable ASCII without a colon, at most 255 characters'),
    )
    .min(1)
    .optional()
    .describe(
      'Sockets that the service manager has passed to tsctr, sd_listen_fds(3), by their FileDescriptorName=: they are passed on, from descriptor 3 on, with LISTEN_FDS and LISTEN_FDNAMES.',
    ),
  sdNotify: z
    .enum(['monitor', 'container', 'healthy', 'ignore'])
    .optional()
    .describe(
      "Who tells the service manager of the host that the container is up, when there is one: tsctr once it is started, the container's own process, tsctr once its startup and readiness probes have succeeded, or nobody. Default: ignore.",
    ),
};
