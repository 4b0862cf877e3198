static const unsigned char metadata[] = {0};
