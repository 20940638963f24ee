import type { CheckpointProduct } from '../../schemas/index.ts';

export function isSamePlace(one: CheckpointProduct | null, other: CheckpointProduct): boolean {
  return one !== null && placeOf(one) === placeOf(other);
}

/** `archive /var/backups/web.tar.zst`. */
export function placeOf(product: CheckpointProduct): string {
  return `${product.kind} ${product.kind === 'archive' ? product.path : product.name}`;
}
