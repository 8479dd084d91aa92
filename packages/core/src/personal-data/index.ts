export { personalDataSignatures } from './signatures.ts'
export { verifyErasureReceipt, type ReceiptCheck, type VerifiedReceipt } from './purge/receipt.ts'
