package main

func Example() {
	main()
	// Output:
	// outbox "1": "facture.pdf", 8 bytes
	// outbox "3": "lettre.txt", 7 bytes
	// waiting  []
	// rejected ["virus.exe"]
}
