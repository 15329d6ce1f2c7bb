package keyring_test

// Made once by the first version of this package.
const (
	goldenCiphertext1 = "vault:v1:7M1AnsAuF5NIK+Y+HRRURloS6fIHgS3QlnMuVDuGg/X4HCjmAlFoEGNTo5b3rYHTbQUSMToO5hxyVgPC"
	goldenDigest1     = "ea790c7fc98b195a0b1dac12e0fd56b8c895f1d0d5d0decab4f8917db3ece8d2"
	goldenCiphertext2 = "vault:v2:zLmUjhW41EACFV4mpTeP7+vd4EGcmNCYWHYdnRBYk2bhP1VBAOcQQbuAwgtPUpVPEjcICwO0AKTYaKjW"
	goldenDigest2     = "fa700c5df00a79dcfac316cfaf779813d0096ad0cd1bd19f691147aa2e11918b"
	goldenPepper      = "96b454a5c9ebf712811ab67ac977d113693267b4a3e3bf4046a009d9cc72dd07"
)
