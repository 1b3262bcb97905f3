// Random numbers by counting: Philox 4x32-10 of Salmon et al., 2011, "Parallel random numbers: as easy as 1, 2, 3". The i-th four
// words depend on the key and on i alone, so any thread makes them, and a grid of any size makes the same.
struct Words { unsigned int w[4]; };

__device__ inline Words philox(unsigned long long counter, unsigned long long stream, unsigned long long seed) {
    Words v = {{(unsigned int)counter, (unsigned int)(counter >> 32), (unsigned int)stream, (unsigned int)(stream >> 32)}};
    unsigned int key0 = (unsigned int)seed, key1 = (unsigned int)(seed >> 32);
    for (int round = 0; round < 10; round++) {
        unsigned long long a = 0xD2511F53ull * v.w[0], b = 0xCD9E8D57ull * v.w[2];
        v = {{(unsigned int)(b >> 32) ^ v.w[1] ^ key0, (unsigned int)b, (unsigned int)(a >> 32) ^ v.w[3] ^ key1, (unsigned int)a}};
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    return v;
}


KERNEL words(unsigned int* out, size count, size seed, size offset) {
    EACH(group, (count + 3) / 4) {
        Words v = philox((unsigned long long)(offset + group), 0, (unsigned long long)seed);
        for (I i = group * 4, k = 0; k < 4 && i < (I)count; i++, k++)
            out[i] = v.w[k];
    }
}

// `yes` with probability p, else 0: where a word of 32 bits is below `limit` = p * 2**32.
KERNEL coins(T* out, size count, double yes, size limit, size seed, size offset) {
    EACH(group, (count + 3) / 4) {
        Words v = philox((unsigned long long)(offset + group), 0, (unsigned long long)seed);
        for (I i = group * 4, k = 0; k < 4 && i < (I)count; i++, k++)
            out[i] = (size)v.w[k] < limit ? T((A)yes) : T((A)0);
    }
}
