import { hasOnlyAscii, skeletonOf } from './skeleton.ts'

/** The skeleton that is stored beside a username: null for one in ASCII, which is its own. */
export function storedSkeleton(name: string): string | null {
  return hasOnlyAscii(name) ? null : skeletonOf(name)
}
