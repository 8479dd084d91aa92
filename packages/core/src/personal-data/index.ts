export { verifyErasureReceipt, type ReceiptCheck, type VerifiedReceipt } from './purge/receipt.ts'
