/** /etc/mtab as old programs expect it: what they read there is the container's own mount table. mount(8). */
export const MTAB_PATH = '/etc/mtab';
export const MTAB_TARGET = '/proc/mounts';
